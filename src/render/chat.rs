//! What the chats have in common: how customers' words are kept from meaning anything to a chat, and
//! how a message is made to fit.
