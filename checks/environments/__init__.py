"""What is in an environment, whether curated, an image, a conda file or a Dockerfile: pure rules, and tables."""
