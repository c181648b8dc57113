"""Records with a life: incidents that were received, answered and closed, and how they fared.

A record is an incident, so every analysis of incidents takes it. Its life stands beside it, by
its incident id; statistics of lives are functions of frames and need no store.
"""
