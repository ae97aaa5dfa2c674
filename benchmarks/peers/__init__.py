"""What ours is measured against: peers that do the same job and nothing else."""
