//! The server as its clients meet it: a real database, real sockets, a clock that the test moves.
//!
//! One binary, so that it is linked once. `harness` holds the server under test and the people who use it; every other
//! file is one subject.

mod backup_file;
mod backup_live;
mod backup_process;
mod backup_round_trip;
mod fault_disk;
mod fault_power;
mod fault_syncs;
mod flow_bad_input;
mod flow_channel;
mod flow_concurrency;
mod flow_contacts;
mod flow_database_lost;
mod flow_first_message;
mod flow_group_commit;
mod flow_introduction;
mod flow_mail;
mod flow_outbox;
mod flow_presence;
mod flow_races;
mod flow_resume;
mod flow_seen;
mod flow_stale_reply;
mod flow_status;
mod harness;
mod http_access;
mod http_channel;
mod http_contacts;
mod http_documents;
mod http_problems;
mod http_session;
mod locked;
mod logs;
mod mail_inbound;
mod mail_inbound_bounces;
mod mail_inbound_corpora;
mod mail_inbound_replies;
mod mail_inbound_sender;
mod mail_mailbox;
mod mail_message;
mod mail_render;
mod mail_smtp;
mod process;
mod process_kill;
mod store_contacts;
mod store_conversations;
mod store_dump;
mod store_entries;
mod store_open;
mod store_open_postgres;
mod store_people;
mod store_schema;
