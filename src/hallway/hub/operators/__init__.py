"""Those who run the deployment: who they are, what each role may do, and what they leave in a customer's audit."""
