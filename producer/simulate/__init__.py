"""A city that never was: seeded demand, a fleet that walks the MDS states, named dirt, and a record of the truth."""
