package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/child"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// behindNginx measures requests through nginx that ask a service whether they may pass: what a
// person waits for. nginx shares the servers' core, as in one Pod's sidecar.
func (b *benchmark) behindNginx(ctx context.Context, report *figures.Report) error {
	program, err := proxy.Nginx.Find()
	if errors.Is(err, proxy.ErrMissing) {
		b.say("not measured: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	bare, err := b.startServer(roleBare)
	if err != nil {
		return err
	}
	defer bare.process.Stop()
	latchkey, err := b.startServer(roleServer)
	if err != nil {
		return err
	}
	defer latchkey.process.Stop()
	tokens, err := latchkey.mint(ctx, 1)
	if err != nil {
		return err
	}
	site := &nginxSite{Bare: bare.Public, Latchkey: latchkey.Public}
	process, err := b.startNginx(ctx, program, site)
	if err != nil {
		return err
	}
	defer process.Stop()
	rounds, err := b.playRounds(ctx, job{Phases: []phase{
		{Name: "bare", Server: addresses{site.ListenBare, bare.Control}, Host: ruleHost, Target: ruleTarget, Tokens: tokens},
		{Name: "latchkey", Server: addresses{site.ListenLatchkey, latchkey.Control}, Host: ruleHost, Target: ruleTarget, Tokens: tokens},
	}})
	if err != nil {
		return err
	}
	report.Nginx = &figures.Pair{Bare: answers(rounds, "bare"), Latchkey: beside(rounds, "latchkey")}
	return report.Nginx.Print(b.out, "behind nginx, 1,000 rules")
}

// nginxSite are the two services that nginx asks, and where it listens for each.
type nginxSite struct{ Folder, Bare, ListenBare, Latchkey, ListenLatchkey string }

// nginxConfig asks as docs/proxies/nginx.md has it, and answers with an empty file in place of
// an app, so that the check is most of the work.
var nginxConfig = template.Must(template.New("nginx.conf").Parse(`daemon off;
master_process off;
pid "{{.Folder}}/nginx.pid";
error_log stderr error;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path "{{.Folder}}/body";
    proxy_temp_path "{{.Folder}}/proxy";
    fastcgi_temp_path "{{.Folder}}/fastcgi";
    uwsgi_temp_path "{{.Folder}}/uwsgi";
    scgi_temp_path "{{.Folder}}/scgi";
    open_file_cache max=10;
    types { }
    {{define "site"}}
    upstream {{.Name}} {
        server {{.Service}};
        keepalive 64;
        keepalive_requests 1000000000;
    }
    server {
        listen {{.Listen}};
        root "{{.Folder}}";
        location / {
            auth_request /.latchkey;
            auth_request_set $latchkey_user $upstream_http_x_auth_request_user;
            add_header X-Auth-Request-User $latchkey_user;
            try_files /empty =500;
        }
        location = /.latchkey {
            internal;
            proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
            proxy_set_header X-Original-Method $request_method;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Connection "";
            proxy_http_version 1.1;
            proxy_pass http://{{.Name}}/check/nginx?host=$host;
        }
    }
    {{end}}
    {{range .Sites}}{{template "site" .}}{{end}}
}
`))

// startNginx starts one nginx for both services on the servers' core.
func (b *benchmark) startNginx(ctx context.Context, program string, s *nginxSite) (*child.Process, error) {
	s.Folder = filepath.Join(b.launcher.folder, "nginx")
	if err := os.MkdirAll(s.Folder, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.Folder, "empty"), nil, 0o644); err != nil {
		return nil, err
	}
	for _, listen := range []*string{&s.ListenBare, &s.ListenLatchkey} {
		address, err := stack.FreeAddress()
		if err != nil {
			return nil, err
		}
		*listen = address
	}
	file, err := os.Create(filepath.Join(s.Folder, "nginx.conf"))
	if err != nil {
		return nil, err
	}
	type site struct{ Name, Service, Listen, Folder string }
	err = nginxConfig.Execute(file, map[string]any{"Folder": s.Folder, "Sites": []site{
		{"bare", s.Bare, s.ListenBare, s.Folder}, {"latchkey", s.Latchkey, s.ListenLatchkey, s.Folder},
	}})
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("write nginx.conf: %w", err)
	}
	pinned, err := b.launcher.link(b.launcher.server, "nginx", program)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(pinned, "-p", s.Folder, "-c", file.Name(), "-e", "stderr")
	cmd.Stderr = os.Stderr
	process, err := child.Start("nginx", cmd)
	if err != nil {
		return nil, err
	}
	if err := listening(ctx, s.ListenLatchkey, process); err != nil {
		process.Stop()
		return nil, err
	}
	return process, nil
}

// listening waits until somebody listens at an address.
func listening(ctx context.Context, address string, process *child.Process) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-process.Done():
			return errors.Join(errors.New("nginx ended before it listened"), process.Err())
		case <-ctx.Done():
			return fmt.Errorf("wait for nginx: %w", ctx.Err())
		}
	}
}
