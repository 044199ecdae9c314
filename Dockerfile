# The image of producer, consumer and warehouse. Mage has its own, mage_project/Dockerfile: its pins conflict with ours.
FROM python:3.11-slim AS environment
ENV UV_PROJECT_ENVIRONMENT=/opt/tripline UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /build
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home tripline \
 && install --directory --owner tripline /var/cache/tripline
COPY --from=environment /opt/tripline /opt/tripline
ENV PATH=/opt/tripline/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /srv/tripline
COPY contracts contracts
COPY sql sql
COPY producer producer
COPY consumer consumer
COPY warehouse warehouse
RUN python -m compileall -q .
# The files belong to root: what runs here cannot change its own code.
USER tripline
ENV PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["python", "-m"]
