"""What is in an environment, be it curated, an image, a conda file or a Dockerfile: pure rules and tables."""
