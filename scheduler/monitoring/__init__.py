"""What a process tells of itself over HTTP: metrics for Prometheus, figures for autoscalers, health for probes."""
