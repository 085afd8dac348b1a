#!/bin/sh
# Replaces the password of one user of a Redis while everything runs, in two steps:
#
#   docker/rotate.sh next SERVER USER [FOLDER]    another one, which the user's address has from now on; the first still holds
#   docker/rotate.sh last SERVER USER [FOLDER]    only the newest holds
#
# SERVER is redis or queue, USER one of docker/redis.acl or docker/queue.acl, FOLDER docker/secrets if not given. After each step
# the server has to read its users (`ACL LOAD`): "Rotate" in docs/operations.md has the lines. Files are written into and never
# replaced: a container sees the file that it was started with.
set -eu
umask 077
fail() { echo "rotate.sh: $1" >&2; exit 1; }
[ $# -ge 3 ] || fail "say next or last, redis or queue, and the user: docker/rotate.sh next redis crawl"
step=$1 server=$2 user=$3
in=${4:-$(cd "$(dirname "$0")" && pwd)/secrets}
users=$in/$server.acl password=$in/${server}_password_$user address=$in/${server}_url_$user
[ -s "$users" ] || fail "there is no $users: docker/secrets.sh makes it"
[ -s "$password" ] || fail "$server has no user $user with a password in $in"

old=$(cat "$password")
case $step in
next)
	new=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
	hash=$(printf '%s' "$new" | sha256sum | cut -d' ' -f1)
	filled=$(sed "s/^user $user on /&#$hash /" "$users")
	moved=$(sed "s/:$old@/:$new@/" "$address")
	printf '%s\n' "$filled" > "$users"
	printf '%s\n' "$new" > "$password"
	printf '%s\n' "$moved" > "$address"
	[ "$user" != replica ] || printf 'masteruser replica\nmasterauth %s\n' "$new" > "$in/redis_replica.conf"
	;;
last)
	hash=$(printf '%s' "$old" | sha256sum | cut -d' ' -f1)
	filled=$(sed "s/^user $user on \(#[0-9a-f]* \)*/user $user on #$hash /" "$users")
	printf '%s\n' "$filled" > "$users"
	;;
*) fail "$step is no step: say next, and last when everything has the new password" ;;
esac
