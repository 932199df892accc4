"""What a claim is: values and pure functions, without input, output, clock or framework."""
