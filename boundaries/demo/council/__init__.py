"""What the council of the demo city publishes about its areas, and spends on them."""
