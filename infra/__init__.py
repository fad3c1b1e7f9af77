"""Deployment of the infrastructure: manifests, bucket policies and the sizing computed from measured figures."""
