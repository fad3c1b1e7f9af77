"""The seeded synthetic world of the demo and of the tests (design §6)."""
