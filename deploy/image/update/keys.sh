#!/bin/sh
# The key that signs updates, and its certificate, which goes into the image. Prints their folder.
#
#   sh deploy/image/update/keys.sh [FOLDER]      default: $DDSP_EDGE_UPDATE_KEYS, else ~/.config/ddsp-edge/update
#
# Made once; a box accepts updates of the key whose certificate is in its image, so keep update-key.pem, and keep it secret.
set -eu
folder=${1:-${DDSP_EDGE_UPDATE_KEYS:-${XDG_CONFIG_HOME:-$HOME/.config}/ddsp-edge/update}}
key=$folder/update-key.pem cert=$folder/update-cert.pem
if [ ! -s "$key" ] || [ ! -s "$cert" ]; then
    if [ -s "$key" ] || [ -s "$cert" ]; then
        echo "update-key: one of $key and $cert is missing: bring it back, or remove the other for a new pair" >&2
        exit 2
    fi
    command -v openssl >/dev/null || {
        echo "update-key: openssl is missing: apt-get install openssl" >&2
        exit 2
    }
    mkdir -p "$folder"
    chmod 700 "$folder"
    umask 077
    # Appears under its name only when whole. 30 years: a box must not refuse updates of old age.
    openssl req -x509 -newkey rsa:3072 -sha256 -nodes -days 10950 -subj "/CN=ddsp-edge updates of $(id -un)@$(uname -n)" \
        -addext keyUsage=critical,digitalSignature -keyout "$key.new" -out "$cert.new" 2>/dev/null || {
        rm -f "$key.new" "$cert.new"
        echo "update-key: openssl made no key" >&2
        exit 1
    }
    mv "$key.new" "$key"
    mv "$cert.new" "$cert"
    echo "made $key: it signs updates of the images that you make; keep it" >&2
fi
echo "$folder"
