//! The stories that matter, told by a real browser to the real binary. One server each; screenshots of what failed are
//! in `e2e/artifacts`.

mod before_click;
mod blocked_sockets;
mod contacts;
mod continuity;
mod copy_form;
mod crash;
mod dead_letters;
mod desk_interruptions;
mod drafts;
mod end_chat;
mod follow_up_countdown;
mod french;
mod host_pages;
mod introduction;
mod invite;
mod leave_contacts;
mod lost_connection;
mod names;
mod options;
mod phone;
mod reply_by_mail;
mod placement;
mod resume_by_mail;
mod resume_fragment;
mod sign_in;
mod stale_reply;
mod strict_policy;
mod survival;
mod talk;
mod text_safety;
mod unseen;
