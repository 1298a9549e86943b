"""How often values occur: in arrays, in streams of bytes and of elements."""
