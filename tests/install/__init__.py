"""guardsh install, uninstall and doctor, and the shims, on trees and namespaces of their own."""
