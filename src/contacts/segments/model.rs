//! What a segment is.

crate::text_enum! {
    /// Who decides who is in a segment.
    pub enum SegmentKind {
        /// A rule.
        Dynamic = "dynamic",
        /// Whoever puts them in.
        Static = "static",
    }
}

crate::text_enum! {
    /// Whether the members of a segment are what it says.
    pub enum SegmentStatus {
        /// They are being gathered; meanwhile they are those of before, or those found so far.
        Building = "building",
        Ready = "ready",
        /// Its rule asks for what is not there any more, so nobody comes in or leaves. Change the rule.
        Broken = "broken",
    }
}
