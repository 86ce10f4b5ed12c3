//! What pages are made of. A component gets what it shows, reads the store where it is of one kind with it, and calls
//! the store's verbs; its looks stand beside it.

pub mod avatar;
pub mod banner;
pub mod composer;
pub mod contact_attach;
pub mod contact_detail;
pub mod contact_form;
pub mod contact_list;
pub mod contact_merge;
pub mod contact_picker;
pub mod conversation_acts;
pub mod conversation_header;
pub mod conversation_list;
pub mod conversation_log;
pub mod conversation_row;
pub mod dead_mails;
pub mod details;
pub mod dialog;
pub mod empty_list;
pub mod end_chat;
pub mod icon;
pub mod invite;
pub mod mail_line;
pub mod mail_notice;
pub mod mail_parts;
pub mod menu;
pub mod message;
pub mod original_mail;
pub mod page_says;
pub mod presence_dot;
pub mod status_chip;
pub mod theme_switch;
pub mod top_bar;
