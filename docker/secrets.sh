#!/bin/sh
# Makes what nobody may know, once: passwords, the addresses that hold them, and the users of both Redis.
#
#   docker/secrets.sh [FOLDER]        (docker/secrets if not given)
#
# Passwords and addresses that are there stay as they are; what users may do is written anew, so run it with each new release as
# well. rotate.sh replaces a password; "Rotate" and "Upgrade" in docs/operations.md say when. Hosts are those of compose.yaml;
# REDIS_HOST and so on name others. For a cluster (compose.cluster.yaml):
# REDIS_SCHEME=redis+cluster REDIS_HOST=redis:6379,redis-2:6379,redis-3:6379
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$here/secrets}
mkdir -p "$to"
redis=${REDIS_HOST:-redis:6379}
queue=${QUEUE_HOST:-queue:6379}
postgres=${POSTGRES_HOST:-postgres:5432}

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
once() { # NAME VALUE: write it unless it is there
	[ -s "$to/$1" ] || printf '%s\n' "$2" > "$to/$1"
}

users() { # SERVER SCHEME HOST[/DB]: a password and an address for each user, then the file of users without comments
	server=$1 scheme=$2 host=$3
	filled=$(grep '^user ' "$here/$server.acl")
	for role in $(grep -o '#@[a-z]*@' "$here/$server.acl" | tr -d '#@'); do
		once "${server}_password_$role" "$(random)"
		password=$(cat "$to/${server}_password_$role")
		once "${server}_url_$role" "$scheme://$role:$password@$host"
		# Two, while one is replaced.
		hashes=$(sed -n "s/^user $role on \(#[0-9a-f #]*\) .*/\1/p" "$to/$server.acl" 2>/dev/null || true)
		: "${hashes:=#$(printf '%s' "$password" | sha256sum | cut -d' ' -f1)}"
		filled=$(printf '%s' "$filled" | sed "s/#@$role@/$hashes/")
	done
	# Written into, not replaced: a container sees the file that it was started with.
	printf '%s\n' "$filled" > "$to/$server.acl"
}

case ${REDIS_SCHEME:=redis} in
*+cluster) users redis "$REDIS_SCHEME" "$redis" ;;
*) users redis "$REDIS_SCHEME" "$redis/0" ;;
esac
users queue redis "$queue/0"
once redis_replica.conf "masteruser replica
masterauth $(cat "$to/redis_password_replica")"
once postgres_password "$(random)"
once postgres_url "postgresql://pennywren:$(cat "$to/postgres_password")@$postgres/pennywren"
once smtp_url "${SMTP_URL:-smtp://user:password@mail.example.org:587}"
once mail_events_secret "$(random)"
once grafana_password "$(random)"
once alertmanager.yaml "$(cat "$here/watch/alertmanager.yaml")"
# Containers run as other users and must read them; on this machine nobody else may pass through the folder.
chmod 0644 "$to"/*
chmod 0700 "$to"
echo "secrets are in $to: put your mail server into smtp_url, and who is told of trouble into alertmanager.yaml"
