//! The outbox: performs the jobs that use cases have left as rows. Each is claimed under a lease, looked at once more,
//! rendered and sent outside of any transaction, and settled (G8).

pub mod backoff;
pub mod worker;
