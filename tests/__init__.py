"""The tests of guardsh, on real parts wherever they can be had."""
