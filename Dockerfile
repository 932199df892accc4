FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

# The lock's hashes are checked here, once, for all it names. What follows takes its packages from this folder alone,
# so the image holds locked versions and of those only what the service itself asks for.
WORKDIR /build
COPY requirements.lock .
RUN pip wheel --require-hashes --wheel-dir /wheels --requirement requirements.lock

COPY . .
RUN pip install --no-index --find-links /wheels hatchling \
 && pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv /opt/onrecord \
 && /opt/onrecord/bin/pip install --no-index --find-links /wheels onrecord


FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home onrecord \
 && install --directory --owner onrecord --mode 0700 /data
COPY --from=build /opt/onrecord /opt/onrecord

# All that is written goes to /data, and to /tmp while a long import is answered: with `--read-only --tmpfs /tmp` it runs too.
ENV PATH=/opt/onrecord/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ONRECORD_DATA_DIR=/data
USER onrecord
WORKDIR /data
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from http.client import HTTPConnection; c = HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# Whoever starts it says whether the public may read: ONRECORD_PUBLIC_READS=true or false. It does not start unsaid.
CMD ["onrecord", "serve", "--host", "0.0.0.0", "--port", "8000"]
