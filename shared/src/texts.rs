//! The widget's texts as keys. The server renders the texts of one language into the panel's document, in this order;
//! the widget reads them by position, so that neither the other languages nor the key names travel.

macro_rules! texts {
    ($($(#[$doc:meta])* $key:ident = $name:literal,)+) => {
        /// One text of the widget.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Text { $($(#[$doc])* $key,)+ }

        /// The names of the texts in `widget/texts/*.toml`, in the order in which they travel.
        pub const NAMES: &[&str] = &[$($name,)+];
    };
}

texts! {
    /// Accessible name of the log, and of the whole panel's main region.
    Conversation = "conversation",
    /// Accessible name and label of the composer.
    Message = "message",
    /// What stands in the empty composer.
    Placeholder = "placeholder",
    /// Button that sends.
    Send = "send",
    /// `{number}`: the conversation's number.
    ConversationNumber = "conversation_number",
    /// Button that minimises.
    Minimise = "minimise",
    /// Title of the panel before an agent has the conversation.
    Title = "title",
    /// Under the title, when somebody can answer.
    Available = "available",
    /// Under the title, when nobody can answer now.
    Away = "away",
    /// Heading of the empty panel.
    EmptyHeading = "empty_heading",
    /// Text of the empty panel.
    EmptyText = "empty_text",
    /// State of a message on its way.
    Sending = "sending",
    /// State of a message that is committed.
    Sent = "sent",
    /// State of a message that an agent has seen.
    Seen = "seen",
    /// State of a message that was refused.
    Failed = "failed",
    /// Button that sends again.
    Retry = "retry",
    /// Button that puts a failed message back into the composer.
    Edit = "edit",
    /// `{name}`: the agent who types.
    Typing = "typing",
    /// Banner while the link is being made again.
    Reconnecting = "reconnecting",
    /// Banner while the browser has no network.
    Offline = "offline",
    /// Banner for a moment after the link is back.
    Reconnected = "reconnected",
    /// Banner when the panel is too old for the server.
    Outdated = "outdated",
    /// Button that reloads the panel.
    Reload = "reload",
    /// Shown where this page may not use the chat.
    Unavailable = "unavailable",
    /// While the first entries are loading.
    Loading = "loading",
    /// Button that loads earlier messages.
    Earlier = "earlier",
    /// Button that leads to new messages below.
    NewMessages = "new_messages",
    /// Day separator.
    Today = "today",
    /// Day separator.
    Yesterday = "yesterday",
    /// Author of the visitor's own messages, for screen readers.
    You = "you",
    /// Author of automatic messages.
    Automatic = "automatic",
    /// `{name}`: an agent took the conversation.
    Joined = "joined",
    /// Event: the visitor introduced themselves.
    Introduced = "introduced",
    /// Event: the visitor left an address, because nobody could answer.
    ContactsLeft = "contacts_left",
    /// Event: the visitor left a number alone.
    PhoneLeft = "phone_left",
    /// Event; `{email}`: the visitor asked for a copy. True whether the address is verified or not.
    CopyRequested = "copy_requested",
    /// Event: the chat was ended, nobody knows by whom.
    ChatEnded = "chat_ended",
    /// Event; `{name}`: the agent who ended the chat.
    ChatEndedBy = "chat_ended_by",
    /// Event: what was not seen here, or a copy, went out by e-mail.
    Mailed = "mailed",
    /// Event: an e-mail to the visitor was refused.
    MailFailed = "mail_failed",
    /// Event: the visitor wants no more e-mails.
    MailStopped = "mail_stopped",
    /// Event: the conversation is solved.
    StatusSolved = "status_solved",
    /// Event: the conversation is closed.
    StatusClosed = "status_closed",
    /// Heading of the form.
    IntroduceYourself = "introduce_yourself",
    /// Why the name is asked.
    IntroduceName = "introduce_name",
    /// `{name}`: why address and number are asked.
    IntroduceReach = "introduce_reach",
    /// Heading of the form, and the button that leads back to it.
    LeaveContacts = "leave_contacts",
    /// Why contacts are asked for.
    ContactsWhy = "contacts_why",
    /// Heading of the form, and the icon that opens it.
    Copy = "copy",
    /// What a copy is.
    CopyWhy = "copy_why",
    /// Under the address, when too many copies were asked for.
    CopyLimit = "copy_limit",
    /// Field.
    Name = "name",
    /// Field.
    Email = "email",
    /// Field.
    Phone = "phone",
    /// Marks a field that may stay empty.
    Optional = "optional",
    /// Button from the name to the rest.
    Continue = "continue",
    /// Button that puts the form off.
    Later = "later",
    /// Shown after the form.
    Thanks = "thanks",
    /// Field problem.
    NameMissing = "name_missing",
    /// Field problem.
    EmailMissing = "email_missing",
    /// Field problem.
    EmailWrong = "email_wrong",
    /// Button that takes the address that was probably meant; `{email}`.
    DidYouMean = "did_you_mean",
    /// Field problem: neither address nor number.
    ReachMissing = "reach_missing",
    /// Field problem.
    PhoneWrong = "phone_wrong",
    /// Field problem.
    TooLong = "too_long",
    /// Under the composer when the text is too long; `{count}`: characters over the limit.
    MessageTooLong = "message_too_long",
    /// Screen reader hint: links open a new window.
    NewWindow = "new_window",
}

impl Text {
    /// Its place among the texts that travel.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_the_order_of_the_keys() {
        let mut sorted = NAMES.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), NAMES.len());
        assert_eq!(NAMES[Text::NewWindow.index()], "new_window");
        assert_eq!(NAMES[Text::Send.index()], "send");
    }
}
