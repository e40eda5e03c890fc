"""What tests share: servers, clients and fakes."""
