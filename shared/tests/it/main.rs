//! Tests of what `shared` promises to others: the bytes of every frame, the document that describes them, and the
//! synchronisation engine against a model.

mod carrier;
mod delivery_doc;
mod examples;
mod golden;
mod protocol_doc;
mod sync_model;
mod sync_replica;
