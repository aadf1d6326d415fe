"""What rules mean: golden cases, laws, and the compiled plan against the readable one."""
