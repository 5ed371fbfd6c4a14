#!/usr/bin/env bash
# A tenant's first quarter of an hour, with curl: sign up, say who you are, choose a plan, run an ad, receive a lead, answer it.
#
#   export LEADWRIGHT_OPERATOR_KEY=lw_for-development-only-0123456789      in both terminals
#   LEADWRIGHT_SANDBOX=true cargo run -- serve                             in one
#   examples/curl.sh                                                       in the other
#
# $LEADWRIGHT_URL is the server, http://127.0.0.1:8080 by default. It must have its twins on, since one of them plays the
# person who fills in the form. $LEADWRIGHT_OPERATOR_KEY is the key it was started with: an operator agrees to the ad, which
# the platform pays for. Answers are read with jq, or with python3 where there is no jq.
set -euo pipefail
url=${LEADWRIGHT_URL:-http://127.0.0.1:8080}
operator_key=${LEADWRIGHT_OPERATOR_KEY:?the key of an operator, which the server was started with}
run=$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')
token=

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'curl.sh: %s\n' "$*" >&2
    exit 1
}

# call METHOD PATH [JSON]: the answer's body; a refusal ends the script with the problem the server names.
call() {
    local body status arguments=(--silent --show-error --max-time 30 --request "$1" --write-out '\n%{http_code}')
    if [ -n "${within:-}" ]; then arguments+=(--header "X-Tenant-Id: $within"); fi
    if [ -n "$token" ]; then arguments+=(--header "Authorization: Bearer $token"); fi
    if [ "$#" -gt 2 ]; then arguments+=(--header 'Content-Type: application/json' --data "$3"); fi
    # A POST is safe to repeat under its key.
    if [ "$1" = POST ]; then arguments+=(--header "Idempotency-Key: $run-$RANDOM-$RANDOM"); fi
    body=$(curl "${arguments[@]}" "$url$2") || fail "$1 $2 did not answer"
    status=${body##*$'\n'}
    body=${body%$'\n'*}
    case $status in
    2??) printf '%s\n' "$body" ;;
    *) fail "$1 $2 answered $status: $body" ;;
    esac
}

# field PATH <JSON: one value, by a path such as data.0.id; nothing when it is absent.
field() {
    if command -v jq >/dev/null; then
        jq --raw-output --arg path "$1" 'getpath($path | split(".") | map(tonumber? // .)) // empty'
    else
        python3 -c '
import json, sys
value = json.load(sys.stdin)
try:
    for key in sys.argv[1].split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
except (KeyError, IndexError, TypeError):
    value = None
if value is not None:
    print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))' "$1"
    fi
}

# until_there SECONDS COMMAND…: tries until the command prints something.
until_there() {
    local seconds=$1 end found
    shift
    end=$((SECONDS + seconds))
    while [ "$SECONDS" -lt "$end" ]; do
        found=$("$@")
        if [ -n "$found" ]; then
            printf '%s\n' "$found"
            return 0
        fi
        sleep 0.2
    done
    fail "nothing within $seconds s: $*"
}

say "Sign up"
account=$(call POST /v1/auth/signup "{
    \"email\": \"owner.$run@example.com\", \"password\": \"orchid ladder 58 winter\", \"business_name\": \"Curl Estates\"}")
token=$(field access_token <<<"$account")
tenant_id=$(field tenant.id <<<"$account")
echo "tenant $tenant_id"

say "Say who you are and whom you look for"
call PATCH /v1/tenants/current '{"country": "IN", "time_zone": "Asia/Kolkata"}' >/dev/null
call PUT /v1/tenants/current/profile '{
    "industry": "Real estate", "description": "2 BHK flats in Mumbai", "services": ["2 BHK flats"], "locations": ["Mumbai"]}' >/dev/null
call PUT /v1/tenants/current/audience '{
    "description": "First-time home buyers", "locations": ["Andheri", "Goregaon"],
    "budget_min": {"amount": 600000000, "currency": "INR"}, "budget_max": {"amount": 1500000000, "currency": "INR"},
    "timelines": ["immediate", "within_3_months"]}' >/dev/null
tenant=$(call GET /v1/tenants/current)
echo "onboarded at $(field onboarded_at <<<"$tenant")"

say "Open the mailed link, before which a trial gives nothing away: the twin of the mailbox does"
verified() { call GET /v1/me | field user.email_verified_at; }
echo "verified at $(until_there 30 verified)"

say "Start the Growth trial"
subscription=$(call POST /v1/subscriptions '{"plan_code": "growth"}')
echo "$(field status <<<"$subscription") until $(field trial_ends_at <<<"$subscription")"

say "Run an ad campaign with a lead form"
form=77$run
page=88$run
campaign=$(call POST /v1/ad-campaigns "{
    \"name\": \"Mumbai 2 BHK\", \"platform\": \"meta\", \"daily_budget\": {\"amount\": 80000, \"currency\": \"INR\"},
    \"lead_form\": {\"name\": \"Mumbai form\", \"questions\": [
        {\"type\": \"full_name\"}, {\"type\": \"email\"}, {\"type\": \"phone\"},
        {\"label\": \"What's your budget?\", \"type\": \"multiple_choice\", \"options\": [\"₹60-80L\", \"₹80L-1Cr\", \"₹1-1.5Cr\"]},
        {\"label\": \"When are you looking to buy?\", \"type\": \"multiple_choice\", \"options\": [\"Immediately\", \"Within 3 months\"]},
        {\"label\": \"Which areas do you prefer?\", \"type\": \"short_answer\"}]},
    \"external_campaign_id\": \"66$run\", \"external_form_id\": \"$form\", \"external_page_id\": \"$page\"}")
campaign=$(field id <<<"$campaign")
asked=$(call POST "/v1/ad-campaigns/$campaign/activate")
echo "ad campaign $campaign is $(field status <<<"$asked")"

say "An operator agrees to spend the platform's money on it"
active=$(token=$operator_key within=$tenant_id call POST "/v1/ad-campaigns/$campaign/activate")
echo "ad campaign $campaign is $(field status <<<"$active")"

say "Somebody fills in the form: the twin sends Meta's signed webhook"
phone=+9198$(printf '%08d' "$run")
sent=$(call POST /sandbox/meta/leads "{\"page_id\": \"$page\", \"form_id\": \"$form\", \"campaign_id\": \"66$run\", \"field_data\": [
    {\"name\": \"full_name\", \"values\": [\"Rajesh Kumar\"]}, {\"name\": \"email\", \"values\": [\"rajesh.$run@example.com\"]},
    {\"name\": \"phone_number\", \"values\": [\"$phone\"]}, {\"name\": \"what's_your_budget?\", \"values\": [\"₹80L-1Cr\"]},
    {\"name\": \"when_are_you_looking_to_buy?\", \"values\": [\"Within 3 months\"]},
    {\"name\": \"which_areas_do_you_prefer?\", \"values\": [\"Andheri, Goregaon\"]}]}")
echo "webhook answered with $(field webhook_status <<<"$sent")"

say "List leads"
first_lead() { call GET '/v1/leads?sort=-created_at' | field data.0.id; }
lead=$(until_there 30 first_lead)
shown=$(call GET "/v1/leads/$lead")
echo "lead $lead: $(field name <<<"$shown"), $(field phone <<<"$shown"), $(field source <<<"$shown")"

say "Why this score"
score=$(call GET "/v1/leads/$lead/score")
echo "$(field score <<<"$score") of 100, $(field grade <<<"$score")"
for place in 0 1 2 3 4; do
    echo "  +$(field "items.$place.points" <<<"$score") $(field "items.$place.label" <<<"$score")"
done

say "Answer with the suggested message"
conversation=$(call GET "/v1/conversations?lead_id=$lead" | field data.0.id)
draft=$(call GET "/v1/leads/$lead/suggested-message?channel=whatsapp")
field content <<<"$draft"
message=$(call POST "/v1/conversations/$conversation/messages" "{\"template\": $(field template <<<"$draft")}" | field id)
delivered() { call GET "/v1/conversations/$conversation/messages" | field data.0.read_at; }
read_at=$(until_there 30 delivered)
echo "message $message read at $read_at"

say "Usage"
usage=$(call GET /v1/usage)
echo "$(field leads.used <<<"$usage") of $(field leads.base <<<"$usage") leads used, $(field leads.remaining <<<"$usage") remaining"
