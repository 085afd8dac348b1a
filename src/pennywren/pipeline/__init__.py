"""Where the stages meet: each module joins some of them into one thing that Pennywren does."""
