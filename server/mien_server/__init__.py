"""The mien server: unseal, authorize, record, personalize, audit. See ARCHITECTURE.md."""
