# One stage on purpose: no compiler, header or cache ever enters it, so a second stage would have nothing to leave behind.
FROM python:3.11-slim

LABEL org.opencontainers.image.title="Stenogram" \
      org.opencontainers.image.description="Turns the voice notes of your own Telegram account into text, on your own machine"

# 10001: a fixed number, so that a folder or volume of yours can be given to it (chown 10001:10001).
RUN groupadd --gid 10001 stenogram \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin stenogram \
 && install -d -o 10001 -g 10001 -m 0700 /data

WORKDIR /app
COPY requirements.txt ./
# Wheels only, except pyaes, which is published as source alone (plain Python): it is made with the setuptools of the
# base image, because build isolation would fetch one that no hash vouches for.
RUN python -m pip install --no-cache-dir --require-hashes --only-binary :all: --no-binary pyaes --no-build-isolation \
    --use-pep517 -r requirements.txt

COPY userbot.py ./
COPY config ./config
COPY transcriber ./transcriber
# The running program cannot write bytecode; without it every start and every health check would compile anew.
RUN python -m compileall -q config transcriber

# HOME: model downloads and every other cache land in the volume.
ENV DATA_DIR=/data \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

USER 10001:10001
# The current directory has to be writable: the Telegram library notes errors it does not know in a file there, and
# where it cannot, such an error becomes ten retries.
WORKDIR /data
VOLUME /data

STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "/app/userbot.py", "check"]
ENTRYPOINT ["python", "/app/userbot.py"]
CMD ["run"]
