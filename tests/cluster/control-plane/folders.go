package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// folders is the layout of the state folder.
//
//	ready.env                       shell lines that tell a test where everything is
//	pki/                            keys of the server and the controllers; not for tests
//	admin/client.crt, client.key    of a cluster administrator
//	logs/                           one file for each child
//	etcd/                           the database
//	agent/ca.crt                    the authority that a client should trust now
//	agent/client.crt, client.key    the agent's client certificate, replaced by a rotation
//	agent/serviceaccount/           token, ca.crt, namespace as the kubelet mounts them in a Pod
//	kubeconfig/{host,guest}/*.yaml  admin, agent-data, agent-files, agent-token
type folders struct {
	root string
}

// marker tells our own folder from somebody else's: only a folder with it is ever emptied.
const marker = ".control-plane"

func (f folders) path(parts ...string) string {
	return filepath.Join(append([]string{f.root}, parts...)...)
}

// create makes the layout. A folder left by an earlier run is emptied; any other that holds files is
// refused.
func (f folders) create() error {
	entries, err := os.ReadDir(f.root)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(f.path(marker)); err != nil {
			return fmt.Errorf("state folder %s holds files that are not a control plane's: give another --state or empty it",
				f.root)
		}
		if err := os.RemoveAll(f.root); err != nil {
			return err
		}
	}
	for _, folder := range []string{"pki", "admin", "logs", "etcd", "agent/serviceaccount", "kubeconfig/host", "kubeconfig/guest"} {
		if err := os.MkdirAll(f.path(folder), 0o700); err != nil {
			return err
		}
	}
	return os.WriteFile(f.path(marker), nil, 0o600)
}

func (f folders) remove() error { return os.RemoveAll(f.root) }

// write replaces the file at once: a reader finds the old content or the new, never a part.
func (f folders) write(name string, content []byte) error {
	path := f.path(name)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// writePair writes NAME.crt and NAME.key. A reader between the two finds a pair that does not match
// and has to try again, as with any rotation on disk.
func (f folders) writePair(name string, p pair) error {
	if err := f.write(name+".key", p.key); err != nil {
		return err
	}
	return f.write(name+".crt", p.certificate)
}

// writeMount replaces all files of a folder at once as the kubelet does for a projected volume: the
// names are links through "..data", and that link is what gets replaced.
func (f folders) writeMount(folder string, files map[string][]byte) error {
	version := time.Now().UTC().Format("..2006_01_02_15_04_05.000000000")
	if err := os.MkdirAll(f.path(folder, version), 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(f.path(folder, version, name), content, 0o644); err != nil {
			return err
		}
	}
	data := f.path(folder, "..data")
	old, _ := os.Readlink(data)
	if err := os.Symlink(version, data+"_tmp"); err != nil {
		return err
	}
	if err := os.Rename(data+"_tmp", data); err != nil {
		return err
	}
	for name := range files {
		if err := os.Symlink(filepath.Join("..data", name), f.path(folder, name)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	if old != "" {
		return os.RemoveAll(f.path(folder, old))
	}
	return nil
}
