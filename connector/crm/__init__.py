"""What speaks to a CRM: HTTP manners shared by both vendors, and one adapter for each."""
