//! How Terraform starts and talks to the process.
