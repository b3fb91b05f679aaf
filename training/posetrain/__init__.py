"""The recipe of the two embedded networks: prepare, train, evaluate, export. See ../README.md."""
