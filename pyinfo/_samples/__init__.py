"""What is counted: samples, the labels they become, and joint counts of several variables."""
