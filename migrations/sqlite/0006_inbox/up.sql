-- A person who asked a sender to stop. It holds for every tenant behind that sender. An empty sender_address means every sender of the channel.
CREATE TABLE suppressions (
    id BLOB NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    sender_address TEXT NOT NULL,
    tenant_id BLOB,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    lifted_at BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX suppressions_live ON suppressions (channel, address, sender_address) WHERE lifted_at IS NULL;

-- Numbers and addresses that messages leave from. No tenant: the platform's, shared by all.
CREATE TABLE senders (
    id BLOB NOT NULL,
    tenant_id BLOB REFERENCES tenants (id),
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    address TEXT NOT NULL,
    display_name TEXT,
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX senders_address ON senders (channel, address);

CREATE TABLE conversations (
    tenant_id BLOB NOT NULL REFERENCES tenants (id),
    id BLOB NOT NULL,
    lead_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    person_address TEXT,
    sender_address TEXT,
    unread_count INTEGER NOT NULL,
    message_count INTEGER NOT NULL,
    last_message_at BIGINT,
    last_message_preview TEXT,
    last_inbound_at BIGINT,
    window_expires_at BIGINT,
    closed_at BIGINT,
    archived_at BIGINT,
    converted_at BIGINT,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX conversations_channel ON conversations (tenant_id, lead_id, channel);
CREATE INDEX conversations_by_activity ON conversations (tenant_id, last_message_at, id);
CREATE INDEX conversations_by_status ON conversations (tenant_id, status, last_message_at, id);
CREATE INDEX conversations_by_person ON conversations (tenant_id, channel, person_address);

CREATE TABLE messages (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    lead_id BLOB NOT NULL,
    direction TEXT NOT NULL,
    sender_type TEXT NOT NULL,
    sender_user_id BLOB,
    channel TEXT NOT NULL,
    message_type TEXT NOT NULL,
    subject TEXT,
    content TEXT NOT NULL,
    attachments TEXT NOT NULL,
    template_code TEXT,
    template_variables TEXT,
    from_address TEXT,
    from_name TEXT,
    to_address TEXT,
    status TEXT NOT NULL,
    provider TEXT,
    external_id TEXT,
    error_class TEXT,
    error_code TEXT,
    error_message TEXT,
    metadata TEXT NOT NULL,
    attempted_at BIGINT,
    sent_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    failed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX messages_external ON messages (provider, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX messages_by_conversation ON messages (tenant_id, conversation_id, created_at, id);

-- Which tenants wrote to a person from a shared sender, so that the answer finds its way back.
CREATE TABLE sender_threads (
    channel TEXT NOT NULL,
    sender_address TEXT NOT NULL,
    person_address TEXT NOT NULL,
    tenant_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    last_outbound_at BIGINT NOT NULL,
    PRIMARY KEY (channel, sender_address, person_address, tenant_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
);
