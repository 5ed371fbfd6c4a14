-- A person who asked a sender to stop. It holds for every tenant behind that sender. An empty sender_address means every sender of the channel.
CREATE TABLE suppressions (
    id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    sender_address text NOT NULL,
    tenant_id uuid,
    reason text NOT NULL,
    created_at timestamptz NOT NULL,
    lifted_at timestamptz,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX suppressions_live ON suppressions (channel, address, sender_address) WHERE lifted_at IS NULL;

-- Numbers and addresses that messages leave from. No tenant: the platform's, shared by all.
CREATE TABLE senders (
    id uuid NOT NULL,
    tenant_id uuid REFERENCES tenants (id),
    channel text NOT NULL,
    provider text NOT NULL,
    address text NOT NULL,
    display_name text,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX senders_address ON senders (channel, address);

CREATE TABLE conversations (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    lead_id uuid NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    person_address text,
    sender_address text,
    unread_count integer NOT NULL,
    message_count integer NOT NULL,
    last_message_at timestamptz,
    last_message_preview text,
    last_inbound_at timestamptz,
    window_expires_at timestamptz,
    closed_at timestamptz,
    archived_at timestamptz,
    converted_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX conversations_channel ON conversations (tenant_id, lead_id, channel);
CREATE INDEX conversations_by_activity ON conversations (tenant_id, last_message_at, id);
CREATE INDEX conversations_by_status ON conversations (tenant_id, status, last_message_at, id);
CREATE INDEX conversations_by_person ON conversations (tenant_id, channel, person_address);

CREATE TABLE messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    direction text NOT NULL,
    sender_type text NOT NULL,
    sender_user_id uuid,
    channel text NOT NULL,
    message_type text NOT NULL,
    subject text,
    content text NOT NULL,
    attachments jsonb NOT NULL,
    template_code text,
    template_variables jsonb,
    from_address text,
    from_name text,
    to_address text,
    status text NOT NULL,
    provider text,
    external_id text,
    error_class text,
    error_code text,
    error_message text,
    metadata jsonb NOT NULL,
    attempted_at timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX messages_external ON messages (provider, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX messages_by_conversation ON messages (tenant_id, conversation_id, created_at, id);

-- Which tenants wrote to a person from a shared sender, so that the answer finds its way back.
CREATE TABLE sender_threads (
    channel text NOT NULL,
    sender_address text NOT NULL,
    person_address text NOT NULL,
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    last_outbound_at timestamptz NOT NULL,
    PRIMARY KEY (channel, sender_address, person_address, tenant_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE
);
