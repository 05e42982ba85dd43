"""The datasets: their contracts, and what is declared about sources."""
