"""Networks: addresses, ways in and out, private endpoints, private names."""
