"""Shared code of tests: servers, clients and fakes."""
