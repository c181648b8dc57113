"""The demo town: its land, streets, addresses, blocks and wards."""
