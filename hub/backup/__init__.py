"""The whole hub in one file, and the hub from that file again."""
