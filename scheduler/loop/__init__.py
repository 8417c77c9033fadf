"""The scheduler service: what the leader does, duty by duty."""
