#!/bin/sh
# Makes certificates for a test, with the openssl program:
#
#   tests/kit/certificates.sh DIRECTORY [NAME ...]
#
# Into the directory come root.pem, an authority, db.pem, a server's for db and 127.0.0.1, and of
# these, if they are named:
#
#   client     a client's                       expired    ended on 2026-01-02
#   other      for other.example and five more  early      begins on 2099-03-04
#   self       self-signed, for db              weak       an RSA key of 1024 bits
#   unknown    by stranger.pem, another root    sha1       signed with SHA-1
#   usage      for clients only, for db         plain      an RSA key of 2048 bits
#   locked     db's key with a passphrase       hashed     a directory with root.pem by its hash
#   pattern    for *.a.example and, as a name, 127.0.0.1
#   nameless   with a common name alone   zone       for the address fe80::1
#
# Each has its key in NAME.key.
set -eu

directory=$1
shift
mkdir -p "$directory"
cd "$directory"

new_key() {
  case $2 in
  ec) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1.key" ;;
  *) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.key" ;;
  esac 2>log
}

# NAME COMMON-NAME: an authority, or with the third argument one that nobody vouches for.
self_signed() {
  new_key "$1" ec
  openssl req -x509 -new -key "$1.key" -out "$1.pem" -subj "/CN=$2" -days 3650 \
    ${3:+-addext "$3"} 2>>log
}

cat >config <<'END'
[ca]
default_ca = usual
[usual]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
default_days = 3650
policy = any
unique_subject = no
[any]
commonName = supplied
END

# NAME SORT-OF-KEY EXTENSIONS ISSUER [OPTIONS OF openssl ca ...]
issued() {
  name=$1 issuer=$4
  new_key "$name" "$2"
  printf '%b' "$3" >extensions
  shift 4
  openssl req -new -key "$name.key" -out "$name.csr" -subj /CN=db 2>>log
  : >index
  openssl ca -batch -notext -config config -rand_serial -cert "$issuer.pem" \
    -keyfile "$issuer.key" -in "$name.csr" -out "$name.pem" -extfile extensions "$@" 2>>log
}

for_db='subjectAltName=DNS:db,DNS:localhost,IP:127.0.0.1\n'

self_signed root 'Test Root'
issued db ec "$for_db" root
for name in "$@"; do
  case $name in
  client) issued client ec 'extendedKeyUsage=clientAuth\n' root ;;
  other)
    issued other ec 'subjectAltName=DNS:other.example,DNS:a,DNS:b,DNS:c,DNS:d,IP:10.0.0.1\n' root
    ;;
  pattern) issued pattern ec 'subjectAltName=DNS:*.a.example,DNS:127.0.0.1\n' root ;;
  nameless) issued nameless ec '' root ;;
  zone) issued zone ec 'subjectAltName=IP:fe80::1\n' root ;;
  self) self_signed self db subjectAltName=DNS:db ;;
  unknown)
    self_signed stranger 'Strange Root'
    issued unknown ec "$for_db" stranger
    ;;
  expired) issued expired ec "$for_db" root -startdate 20250101000000Z -enddate 20260102000000Z ;;
  early) issued early ec "$for_db" root -startdate 20990304000000Z -enddate 21000101000000Z ;;
  weak) issued weak 1024 "$for_db" root ;;
  plain) issued plain 2048 "$for_db" root ;;
  sha1) issued sha1 ec "$for_db" root -md sha1 ;;
  usage) issued usage ec "${for_db}extendedKeyUsage=clientAuth\n" root ;;
  locked) openssl pkey -in db.key -aes256 -passout pass:secret -out locked.key ;;
  hashed)
    mkdir -p hashed
    cp root.pem "hashed/$(openssl x509 -in root.pem -noout -hash).0"
    ;;
  *)
    echo "certificates.sh: no certificate '$name'" >&2
    exit 2
    ;;
  esac
done
