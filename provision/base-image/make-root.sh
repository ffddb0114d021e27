#!/bin/sh
# The one Debian that all our images begin with, as a tar on standard output: debootstrap and a mirror, no container registry.
# Run confined (its mounts end with it):  make-root.sh FOLDER SUITE MIRROR KEYRING "name:uid:gid …"
set -eu
folder=$1 suite=$2 mirror=$3 keyring=$4 users=$5
exec 3>&1 1>&2

# Releases newer than the machine's debootstrap have no script of their own; all share that of the rolling release.
debootstrap --variant=minbase --include=ca-certificates --keyring="$keyring" "$suite" "$folder" "$mirror" /usr/share/debootstrap/scripts/sid

mkdir -p "$folder/instance" "$folder/etc/postgresql-common"
# A testing release's index may be older than its validity says, on mirrors and in snapshots.
cat >"$folder/etc/apt/apt.conf.d/90centralita" <<'END'
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "false";
END
printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
chmod 0755 "$folder/usr/sbin/policy-rc.d"
printf 'create_main_cluster = false\n' >"$folder/etc/postgresql-common/createcluster.conf"

# The same numbers in every image, above those that a distribution gives out: a file's owner means the same in all of them and on the machine.
for user in $users; do
  name=${user%%:*} ids=${user#*:}
  chroot "$folder" groupadd --gid "${ids#*:}" "$name"
  chroot "$folder" useradd --uid "${ids%:*}" --gid "${ids#*:}" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"
done

rm -rf "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/* "$folder"/usr/share/doc/* "$folder"/usr/share/man/* "$folder"/var/log/*
tar -C "$folder" --one-file-system --numeric-owner -c . >&3
