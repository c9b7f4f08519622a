# An image that holds Caddy and nothing else. From the top of the repository, after ./xcaddy.sh --static:
#   docker build --tag doors-caddy --file deploy/compose/caddy.Dockerfile .
FROM scratch
COPY bin/caddy /bin/caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
ENTRYPOINT ["/bin/caddy"]
CMD ["run", "--config", "/etc/caddy/Caddyfile"]
