package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	agentNamespace = "kube-system"
	agentAccount   = "ipvs-agent"
	// agentUser is the certificate's user: the API server's built-in roles let it read what a
	// service proxy reads (ClusterRole system:node-proxier), and nothing else.
	agentUser = "system:kube-proxy"
	// guestView is how a QEMU guest with user-mode networking reaches the host's loopback.
	guestView = "10.0.2.2"
)

// credentials makes and replaces everything that clients and server prove themselves with.
type credentials struct {
	folders   folders
	authority *authority // signs clients, and the server until a rotation to another authority
	serving   *authority // signed the serving certificate of now
	token     string     // of the agent's service account; empty before the first
	addresses []string   // IP SANs of the serving certificate
	names     []string   // DNS SANs of the serving certificate
	apiPort   int
}

// writeAll makes the first set, all that can be made before the API answers.
func (c *credentials) writeAll() error {
	private, public, err := newSigningKey()
	if err != nil {
		return err
	}
	admin, err := c.authority.issue(leaf{user: "admin", groups: []string{"system:masters"}})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"pki/client-ca.crt": c.authority.pem, "pki/sa.key": private, "pki/sa.pub": public,
	} {
		if err := c.folders.write(name, content); err != nil {
			return err
		}
	}
	if err := c.folders.writePair("admin/client", admin); err != nil {
		return err
	}
	if _, err := c.rotateServing(c.authority, time.Time{}, c.addresses); err != nil {
		return err
	}
	return c.rotateClient(time.Time{})
}

// rotateServing gives the API server a new serving certificate, which it reads by itself, and
// clients the authority to trust. An end in the past makes an expired one. Returns the certificate.
func (c *credentials) rotateServing(signer *authority, to time.Time, addresses []string) ([]byte, error) {
	l := leaf{user: "kube-apiserver", addresses: addresses, names: c.names, to: to}
	if !to.IsZero() {
		l.from = to.Add(-24 * time.Hour)
	}
	p, err := signer.issue(l)
	if err != nil {
		return nil, err
	}
	if err := c.folders.writePair("pki/serving", p); err != nil {
		return nil, err
	}
	c.serving = signer
	if err := c.folders.write("agent/ca.crt", signer.pem); err != nil {
		return nil, err
	}
	return p.certificate, c.writeMount()
}

// rotateClient writes a new client certificate for the agent, and the kubeconfigs that embed it.
func (c *credentials) rotateClient(to time.Time) error {
	p, err := c.authority.issue(leaf{user: agentUser, to: to})
	if err != nil {
		return err
	}
	if err := c.folders.writePair("agent/client", p); err != nil {
		return err
	}
	return c.writeKubeconfigs()
}

// rotateToken asks the API server for a new token of the agent's service account. With revoke the
// account is made anew first, which makes every earlier token void (once the API server's cache of
// good tokens forgets it, 10 s).
func (c *credentials) rotateToken(ctx context.Context, client kubernetes.Interface, revoke bool, lifetime time.Duration) error {
	accounts := client.CoreV1().ServiceAccounts(agentNamespace)
	if revoke {
		if err := accounts.Delete(ctx, agentAccount, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete the agent's service account: %w", err)
		}
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: agentAccount}}
	if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the agent's service account: %w", err)
	}
	seconds := int64(lifetime / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := accounts.CreateToken(ctx, agentAccount, request, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("request a token for the agent's service account: %w", err)
	}
	c.token = answer.Status.Token
	return c.writeMount()
}

// writeMount writes what a Pod of the agent would find under /var/run/secrets.
func (c *credentials) writeMount() error {
	return c.folders.writeMount("agent/serviceaccount", map[string][]byte{
		"token": []byte(c.token), "ca.crt": c.serving.pem, "namespace": []byte(agentNamespace),
	})
}

// grant lets the agent's service account read what a service proxy reads.
func grant(ctx context.Context, client kubernetes.Interface) error {
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: agentAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:node-proxier"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: agentNamespace, Name: agentAccount}},
	}
	_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bind the agent's service account to its role: %w", err)
	}
	return nil
}

// writeKubeconfigs writes, for each place a client can be in: the admin's, and the agent's with
// embedded data, with files, and with a token file. pki/internal.yaml is for the control plane's
// own parts, which must go on working while the serving certificate is a wrong one on purpose.
func (c *credentials) writeKubeconfigs() error {
	read := func(name string) []byte { return mustRead(c.folders.path(name)) }
	users := map[string]clientcmdapi.AuthInfo{
		"admin":       {ClientCertificateData: read("admin/client.crt"), ClientKeyData: read("admin/client.key")},
		"agent-data":  {ClientCertificateData: read("agent/client.crt"), ClientKeyData: read("agent/client.key")},
		"agent-files": {ClientCertificate: c.folders.path("agent/client.crt"), ClientKey: c.folders.path("agent/client.key")},
		"agent-token": {TokenFile: c.folders.path("agent/serviceaccount/token")},
	}
	for place, address := range map[string]string{"host": "127.0.0.1", "guest": guestView} {
		for name, user := range users {
			cluster := clientcmdapi.Cluster{
				Server:               "https://" + net.JoinHostPort(address, strconv.Itoa(c.apiPort)),
				CertificateAuthority: c.folders.path("agent/ca.crt"),
			}
			if name == "admin" || name == "agent-data" {
				cluster.CertificateAuthority, cluster.CertificateAuthorityData = "", read("agent/ca.crt")
			}
			if err := c.writeKubeconfig("kubeconfig/"+place+"/"+name+".yaml", cluster, name, user); err != nil {
				return err
			}
		}
	}
	internal := clientcmdapi.Cluster{
		Server:                "https://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(c.apiPort)),
		InsecureSkipTLSVerify: true,
	}
	return c.writeKubeconfig("pki/internal.yaml", internal, "admin", users["admin"])
}

func (c *credentials) writeKubeconfig(file string, cluster clientcmdapi.Cluster, name string, user clientcmdapi.AuthInfo) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &cluster
	config.AuthInfos[name] = &user
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: name}
	config.CurrentContext = "test"
	content, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("print kubeconfig %s: %w", file, err)
	}
	return c.folders.write(file, content)
}
