"""The whole system under random faults, with the shop as the judge: `make chaos`."""
