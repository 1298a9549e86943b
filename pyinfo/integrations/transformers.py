"""Packed model weights in Hugging Face transformers: ``from_pretrained`` reads them.

The names by which transformers, accelerate and other loaded modules read safetensors files are
replaced by ones that read packed files, too; ordinary files are read as before. `config.json` needs
no entry, and the quantisation that a model has of its own goes on to work.

Needs the extra ``pyinfo[transformers]``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from pyinfo.integrations.packed_weights import WEIGHTS

__all__ = ["install", "loading", "uninstall"]


def install(*, threads: int = 1) -> None:
    """Let ``from_pretrained`` read packed weights, until `uninstall` is called.

    Parameters
    ----------
    threads : int, default 1
        How many decode a tensor that is taken as a whole; 0 for one per core. transformers takes
        tensors by threads of its own, up to four at a time, whatever is said here.

    See Also
    --------
    loading : the same for a while.

    Notes
    -----
    What is replaced are attributes of modules: of those that are loaded, and of those that are
    imported later, since they take the names from the package safetensors. A reference in another
    place, such as a default argument, stays as it is. To call this again only changes `threads`.

    Examples
    --------
    >>> import pyinfo.integrations.transformers
    >>> pyinfo.integrations.transformers.install()
    >>> model = AutoModelForCausalLM.from_pretrained("packed-folder")  # doctest: +SKIP
    >>> pyinfo.integrations.transformers.uninstall()
    """
    WEIGHTS.install(threads)


def uninstall() -> None:
    """Undo `install`: the names stand again for what they stood for.

    While a context of `loading` is open, they are put back when the last one is closed. Without
    `install`, nothing happens.
    """
    WEIGHTS.uninstall()


def loading(*, threads: int = 1) -> AbstractContextManager[None]:
    """Let ``from_pretrained`` read packed weights while a context is open.

    Contexts may be nested, and be open in several threads at a time: the names are those of the
    process, and are put back when the last context is closed. It can be a decorator as well.

    Parameters
    ----------
    threads : int, default 1
        As in `install`. While several are open, the largest number counts.

    Returns
    -------
    context manager

    Raises
    ------
    CorruptDataError
        By ``from_pretrained``, if a packed file is damaged: the message names the tensor.

    Examples
    --------
    >>> from pyinfo.integrations.transformers import loading
    >>> with loading():
    ...     model = AutoModelForCausalLM.from_pretrained("packed-folder")  # doctest: +SKIP
    """
    return WEIGHTS.reading(threads)
