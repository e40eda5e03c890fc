"""Conversations over a stream of messages: the shared part of all socket protocols."""
