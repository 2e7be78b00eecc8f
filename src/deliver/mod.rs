//! Carries parcels: by SMTP, by HTTP, into a folder. What is in them was decided elsewhere.
